import { useEffect, useMemo, useState } from "react";
import { DownloadButton } from "./download-button.tsx";
import { bytesOf, fileNameOf, sizeText } from "./media.ts";

export interface MediaBlockProps {
  readonly kind: "image" | "audio" | "file";
  readonly data: unknown;
  readonly mimeType: unknown;
}

/** A block of bytes: an image, audio, or a file to save. */
export function MediaBlock({ kind, data, mimeType }: MediaBlockProps) {
  const bytes = useMemo(() => bytesOf(data), [data]);
  const type = typeof mimeType === "string" ? mimeType : "application/octet-stream";
  const url = useObjectUrl(bytes, kind === "file" || !type.startsWith(`${kind}/`) ? undefined : type);
  const [broken, setBroken] = useState(false);
  if (!bytes) return <p role="alert">The server sent {kind} data that cannot be read: it is not base64.</p>;
  return (
    <figure className="media-block">
      {url && kind === "image" && !broken && (
        <img src={url} alt="Shown by the tool" onError={() => setBroken(true)} />
      )}
      {url && kind === "audio" && (
        // biome-ignore lint/a11y/useMediaCaption: a tool's sound comes without captions.
        <audio controls src={url} aria-label="Shown by the tool" />
      )}
      {broken && <p role="alert">The browser cannot show this image. Download it to look at it elsewhere.</p>}
      <figcaption className="quiet">
        <bdi>{type}</bdi>, {sizeText(bytes.length)}{" "}
        <DownloadButton
          what={`the ${kind}`}
          fileName={fileNameOf(kind, type)}
          blob={() => new Blob([bytes], { type })}
        />
      </figcaption>
    </figure>
  );
}

/** An address for bytes, for as long as they are shown; never one that could be a page of this origin. */
function useObjectUrl(
  bytes: Uint8Array<ArrayBuffer> | undefined,
  type: string | undefined,
): string | undefined {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    if (!bytes || type === undefined) return;
    const made = URL.createObjectURL(new Blob([bytes], { type }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [bytes, type]);
  return url;
}
