import type { ContentBlock } from "holdfast";
import { JsonTree } from "./json-tree.tsx";
import { sizeText } from "./media.ts";
import { MediaBlock } from "./media-block.tsx";
import { SafeLink } from "./safe-link.tsx";
import { TextBlock } from "./text-block.tsx";

/** One block of a result, by its kind. */
export function ContentView({ block }: { readonly block: ContentBlock }) {
  switch (block.type) {
    case "text":
      return <TextBlock text={String(block.text ?? "")} />;
    case "image":
      return <MediaBlock kind="image" data={block.data} mimeType={block.mimeType} />;
    case "audio":
      return <MediaBlock kind="audio" data={block.data} mimeType={block.mimeType} />;
    case "resource_link":
      return <ResourceLink block={block} />;
    case "resource":
      return <EmbeddedResource resource={block.resource} />;
    default:
      return <JsonTree value={block} label={`A block of type ${block.type}`} />;
  }
}

function ResourceLink({ block }: { readonly block: ContentBlock }) {
  const { uri, title, name, description, mimeType, size } = block;
  return (
    <div className="resource">
      <strong>
        <SafeLink to={uri}>
          <bdi>{String(title ?? name ?? uri)}</bdi>
        </SafeLink>
      </strong>
      <span className="quiet mono">
        <bdi>{String(uri)}</bdi>
      </span>
      {typeof description === "string" && <bdi>{description}</bdi>}
      <span className="quiet">
        {[mimeType, typeof size === "number" ? sizeText(size) : undefined]
          .filter((part) => typeof part === "string")
          .join(", ")}
      </span>
    </div>
  );
}

function EmbeddedResource({ resource }: { readonly resource: unknown }) {
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
      <span className="quiet mono">
        <SafeLink to={uri}>
          <bdi>{String(uri)}</bdi>
        </SafeLink>
      </span>
      {typeof text === "string" ? (
        <TextBlock text={text} {...(typeof mimeType === "string" && { mimeType })} />
      ) : (
        <MediaBlock kind={kind} data={blob} mimeType={mimeType} />
      )}
    </div>
  );
}
