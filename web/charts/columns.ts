/** A list that grows, as columns of numbers to draw: only what is new since the last time is read. */

export interface Columns {
  /** One for each reader; they grow in place. */
  readonly columns: readonly (readonly number[])[];
  /** Takes over what the list has gained; all of it anew, where the list was cut. */
  update(): void;
}

/** What a reader does not find is NaN, which is not drawn. */
export function openColumns<T>(list: readonly T[], readers: readonly ((item: T) => number | undefined)[]): Columns {
  const columns = readers.map((): number[] => []);
  let taken = 0;
  let last: T | undefined;
  return {
    columns,
    update() {
      if (taken > 0 && list[taken - 1] !== last) {
        for (const column of columns) column.length = 0;
        taken = 0;
      }
      for (; taken < list.length; taken++) {
        last = list[taken];
        if (last === undefined) continue;
        for (const [index, read] of readers.entries()) columns[index]?.push(read(last) ?? Number.NaN);
      }
    },
  };
}
