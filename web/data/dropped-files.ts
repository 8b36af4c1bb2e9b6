/** All files of what was dropped or chosen, those in folders too. */
import type { DroppedFile } from './recognise.ts';

/** Of a drop; to be called while the event is handled, after which the browser forgets its items. */
export async function filesOfDrop(transfer: DataTransfer): Promise<readonly DroppedFile[]> {
  const entries = [...transfer.items].flatMap((item) => {
    const entry = item.kind === 'file' ? item.webkitGetAsEntry() : null;
    return entry === null ? [] : [entry];
  });
  if (entries.length === 0) return filesOfInput(transfer.files);
  return (await Promise.all(entries.map(filesOfEntry))).flat();
}

/** Of an <input type=file>, with the path inside the folder where one was chosen. */
export function filesOfInput(files: Iterable<File>): readonly DroppedFile[] {
  return Array.from(files, (file) => ({ path: file.webkitRelativePath || file.name, bytes: file }));
}

async function filesOfEntry(entry: FileSystemEntry): Promise<readonly DroppedFile[]> {
  if (isFileEntry(entry)) {
    const bytes = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
    return [{ path: entry.fullPath.replace(/^\//, ''), bytes }];
  }
  if (!isFolderEntry(entry)) return [];
  const reader = entry.createReader();
  const files: DroppedFile[] = [];
  for (;;) {
    // A hundred or so at a time, until there are none.
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (entries.length === 0) return files;
    files.push(...(await Promise.all(entries.map(filesOfEntry))).flat());
  }
}

const isFileEntry = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;
const isFolderEntry = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;
