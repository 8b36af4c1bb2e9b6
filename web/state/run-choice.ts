/** Which runs are compared, each with the number of its colour: that of a run does not change while others come and go. */

export type RunChoice = ReadonlyMap<string, number>;

/** There are so many colours that can be told apart. */
export const mostChosen = 8;

/** Adds a run with the first free colour, or takes it out. Where all colours are taken, nothing changes. */
export function toggleChoice(choice: RunChoice, id: string): RunChoice {
  if (choice.has(id)) return new Map([...choice].filter(([each]) => each !== id));
  const taken = new Set(choice.values());
  const free = Array.from({ length: mostChosen }, (_, index) => index).find((index) => !taken.has(index));
  return free === undefined ? choice : new Map([...choice, [id, free]]);
}

/** Without the runs that are no more. */
export function keepChosen(choice: RunChoice, ids: ReadonlySet<string>): RunChoice {
  return [...choice.keys()].every((id) => ids.has(id)) ? choice : new Map([...choice].filter(([id]) => ids.has(id)));
}
