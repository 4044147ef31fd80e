import { Button } from "../controls/button.tsx";

export interface DownloadButtonProps {
  readonly what: string;
  readonly fileName: string;
  /** Made when it is wanted: a long result need not be there twice. */
  readonly blob: () => Blob;
}

/** Saves something as a file. */
export function DownloadButton({ what, fileName, blob }: DownloadButtonProps) {
  return (
    <Button
      size="compact"
      variant="default"
      aria-label={`Download ${what}`}
      onClick={() => save(blob(), fileName)}
    >
      Download
    </Button>
  );
}

function save(blob: Blob, fileName: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = fileName;
  link.click();
  // The browser has taken it over by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
