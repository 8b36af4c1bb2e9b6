/** Asks which column of a table is to be learnt, with its first rows. */
import { useState } from 'preact/hooks';
import { Button } from '../ui/button.tsx';
import { Segmented, SelectField } from '../ui/fields.tsx';
import { formatCount } from '../ui/format.ts';
import { Notice } from '../ui/panel.tsx';
import { chooseOwn, faults, tableQuestion } from './intake.ts';
import type { ChooseData, TableQuestion } from './intake.ts';
import { Modal } from '../ui/modal.tsx';

const tasks = [
  { value: 'classification', text: 'Classes' },
  { value: 'regression', text: 'A quantity' },
] as const;

interface TableDialogProps {
  readonly question: TableQuestion;
  readonly onChoose: ChooseData;
}

export function TableDialog({ question: { path, preview }, onChoose }: TableDialogProps) {
  const { columns, rows, rowCount } = preview;
  const [target, setTarget] = useState(columns.at(-1)?.name ?? '');
  const column = columns.find(({ name }) => name === target);
  const [task, setTask] = useState(column?.task ?? 'classification');
  const close = (): void => {
    tableQuestion.value = undefined;
    faults.value = [];
  };
  const choose = async (): Promise<void> => {
    faults.value = [];
    if (await chooseOwn({ source: 'csv', file: path, target, task }, onChoose)) close();
  };
  return (
    <Modal title={path} onClose={close}>
      <p>
        {formatCount(rowCount)} rows, {columns.length} columns. One column is learnt; the others, which must be numbers,
        are what it is learnt from.
      </p>
      <div class="question-row">
        <SelectField
          label="Column to learn"
          value={target}
          options={columns.map(({ name }) => name)}
          onChange={(name) => {
            setTarget(name);
            setTask(columns.find((each) => each.name === name)?.task ?? 'classification');
          }}
        />
        <Segmented label="What it holds" value={task} options={tasks} onChange={setTask} />
        <span class="muted small">{formatCount(column?.distinctCount ?? 0)} different values</span>
      </div>
      <div class="table-scroll">
        <table>
          <thead>
            <tr>
              {columns.map(({ name }) => (
                <th key={name} data-target={name === target}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((cells, row) => (
              <tr key={row}>
                {cells.map((cell, index) => (
                  <td key={index} data-target={columns[index]?.name === target}>
                    {cell}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {faults.value.map((text) => (
        <Notice key={text} tone="bad">
          {text}
        </Notice>
      ))}
      <div class="button-row">
        <Button kind="primary" onClick={() => void choose()}>
          Use this table
        </Button>
        <Button onClick={close}>Cancel</Button>
      </div>
    </Modal>
  );
}
