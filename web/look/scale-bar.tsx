/** Which colour is which number. */
import { formatNumber } from '../ui/format.ts';
import { Figure } from './figure.tsx';
import { signedScale } from './colours.ts';

interface ScaleBarProps {
  /** Read while it is drawn. */
  readonly largest: () => number;
  /** What the colours stand for. */
  readonly title: string;
}

const barHeight = 10;

export function ScaleBar({ largest, title }: ScaleBarProps) {
  return (
    <Figure
      label={`Scale of the colours: ${title}, from below zero over zero to above`}
      height={() => barHeight + 16}
      draw={(context, width) => {
        const most = largest();
        const least = -most;
        const scale = signedScale(most);
        for (let x = 0; x < width; x++) {
          context.fillStyle = `rgb(${scale.colour(least + (x / Math.max(1, width - 1)) * (most - least)).join(' ')})`;
          context.fillRect(x, 0, 1, barHeight);
        }
        const style = getComputedStyle(context.canvas);
        context.fillStyle = style.getPropertyValue('--muted');
        context.font = `11px ${style.fontFamily}`;
        context.textBaseline = 'bottom';
        for (const [value, align] of [
          [least, 'left'],
          [(least + most) / 2, 'center'],
          [most, 'right'],
        ] as const) {
          context.textAlign = align;
          const place = most === least ? 0 : (value - least) / (most - least);
          context.fillText(align === 'center' ? title : formatNumber(value, 3), place * width, barHeight + 16);
        }
      }}
    />
  );
}
