import { inFileName } from "../app/save-file.ts";
import { DownloadButton } from "./download-button.tsx";
import { JsonTree } from "./json-tree.tsx";
import { MediaBlock } from "./media-block.tsx";
import { SafeLink } from "./safe-link.tsx";
import { TextBlock } from "./text-block.tsx";

/** A resource with its contents: text, or bytes as base64. */
export function EmbeddedResource({ resource }: { readonly resource: unknown }) {
  if (typeof resource !== "object" || resource === null)
    return <JsonTree value={resource} label="A resource" />;
  const { uri, text, blob, mimeType } = resource as { readonly [field: string]: unknown };
  const kind = String(mimeType).startsWith("image/")
    ? "image"
    : String(mimeType).startsWith("audio/")
      ? "audio"
      : "file";
  return (
    <div className="resource">
      <span className="resource-heading">
        <span className="quiet mono">
          <SafeLink to={uri}>
            <bdi>{String(uri)}</bdi>
          </SafeLink>
        </span>
        {typeof text === "string" && (
          <DownloadButton
            what={String(uri)}
            fileName={fileNameOf(uri)}
            // A page of the server's would run here, in this origin, if the browser opened it.
            blob={() => new Blob([text], { type: "application/octet-stream" })}
          />
        )}
      </span>
      {typeof text === "string" ? (
        <TextBlock text={text} {...(typeof mimeType === "string" && { mimeType })} />
      ) : (
        <MediaBlock kind={kind} data={blob} mimeType={mimeType} />
      )}
    </div>
  );
}

/** The last part of an address, as far as it can name a file. */
function fileNameOf(uri: unknown): string {
  const last = String(uri).split(/[?#]/, 1)[0]?.split("/").filter(Boolean).at(-1) ?? "";
  return inFileName(last).slice(-100) || "resource.txt";
}
