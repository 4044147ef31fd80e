/** Saves something as a file of the person's machine. */
export function saveFile(blob: Blob, fileName: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = fileName;
  link.click();
  // The browser has taken it over by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** A text of a server, such as a tool's name, as a part of a file's name. */
export function inFileName(text: string): string {
  return text.replace(/[^\w.-]+/g, "-");
}
