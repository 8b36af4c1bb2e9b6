/** Asks how folders of pictures become a data set. */
import { useState } from 'preact/hooks';
import { Button } from '../ui/button.tsx';
import { SelectField } from '../ui/fields.tsx';
import { formatBytes, formatCount } from '../ui/format.ts';
import { Notice } from '../ui/panel.tsx';
import { packPictures, pictureQuestion } from './intake.ts';
import type { ChooseData } from './intake.ts';
import { Modal } from '../ui/modal.tsx';
import { fileStem } from './recognise.ts';
import type { PictureFolder } from './recognise.ts';

const edges = ['16', '28', '32', '48', '64', '96'] as const;
const shownClasses = 12;

interface PicturesDialogProps {
  readonly folder: PictureFolder;
  readonly onChoose: ChooseData;
}

export function PicturesDialog({ folder, onChoose }: PicturesDialogProps) {
  const [name, setName] = useState(folder.name);
  const [edge, setEdge] = useState<(typeof edges)[number]>('32');
  const [colours, setColours] = useState<'colour' | 'grey'>('colour');
  const channels = colours === 'colour' ? 3 : 1;
  const { pictures, classNames } = folder;
  const testCount = pictures.filter(({ isTest }) => isTest).length;
  const countOf = (className: string): number => pictures.filter((picture) => picture.className === className).length;
  const sizeBytes = pictures.length * Number(edge) ** 2 * channels;
  const close = (): void => {
    pictureQuestion.value = undefined;
  };
  return (
    <Modal title="Pictures as a data set" onClose={close}>
      <p>
        {formatCount(pictures.length)} pictures in {classNames.length} classes
        {testCount > 0 && `, ${formatCount(testCount)} of them in a test folder`}. Each is cropped to its middle square
        and scaled in this browser.
      </p>
      <ul class="class-counts">
        {classNames.slice(0, shownClasses).map((className) => (
          <li key={className}>
            {className} <span class="muted number">{formatCount(countOf(className))}</span>
          </li>
        ))}
        {classNames.length > shownClasses && <li class="muted">and {classNames.length - shownClasses} more</li>}
      </ul>
      <div class="fields">
        <label class="field">
          <span>Name</span>
          <input value={name} onInput={({ currentTarget }) => setName(currentTarget.value)} />
        </label>
        <SelectField
          label="Pixels"
          value={edge}
          options={edges.map((value) => ({ value, text: `${value}×${value}` }))}
          onChange={setEdge}
        />
        <SelectField
          label="Colours"
          value={colours}
          options={[
            { value: 'colour', text: 'Colour' },
            { value: 'grey', text: 'Grey' },
          ]}
          onChange={setColours}
        />
      </div>
      {pictures.length < 20 * classNames.length && (
        <Notice tone="warn">Fewer than twenty pictures for each class: a network will learn them by heart.</Notice>
      )}
      <div class="button-row">
        <Button
          kind="primary"
          onClick={() =>
            void packPictures({ ...folder, name: fileStem(name) }, { edge: Number(edge), channels }, onChoose)
          }
        >
          Make the set ({formatBytes(sizeBytes)})
        </Button>
        <Button onClick={close}>Cancel</Button>
      </div>
    </Modal>
  );
}
