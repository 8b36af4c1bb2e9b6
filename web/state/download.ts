/** Hands a file to the person, as if it had been downloaded. */
export function downloadFile(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // Browsers read the content after the click has been handled.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
