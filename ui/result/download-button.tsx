import { saveFile } from "../app/save-file.ts";
import { Button } from "../controls/button.tsx";

export interface DownloadButtonProps {
  /** Part of its name, for screen readers. */
  readonly what: string;
  readonly word?: string;
  readonly fileName: string;
  /** Made when it is wanted: a long result need not be there twice. */
  readonly blob: () => Blob;
}

/** Saves something as a file. */
export function DownloadButton({ what, word = "Download", fileName, blob }: DownloadButtonProps) {
  return (
    <Button
      size="compact"
      variant="default"
      aria-label={word === "Download" ? `Download ${what}` : `${word}: download ${what}`}
      onClick={() => saveFile(blob(), fileName)}
    >
      {word}
    </Button>
  );
}
