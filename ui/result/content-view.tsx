import type { ContentBlock } from "holdfast";
import { EmbeddedResource } from "./embedded-resource.tsx";
import { JsonTree } from "./json-tree.tsx";
import { MediaBlock } from "./media-block.tsx";
import { ResourceLink } from "./resource-link.tsx";
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
