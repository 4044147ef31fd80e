import { SecretField, TextField } from "../controls/text-field.tsx";
import type { HeaderSecret } from "./header-secret.ts";

export interface HeaderFieldsProps {
  readonly secret: HeaderSecret;
  readonly onChange: (secret: HeaderSecret) => void;
  /** Where the value is kept, and how long. */
  readonly kept?: string;
}

const KEPT = "Kept for this tab until it is closed, and never stored. Another tab asks for it again.";

/** The header a server wants, and the word of where it is kept. */
export function HeaderFields({ secret, onChange, kept = KEPT }: HeaderFieldsProps) {
  return (
    <>
      <TextField
        label="Header"
        value={secret.name}
        autoComplete="off"
        onChange={(event) => onChange({ ...secret, name: event.currentTarget.value })}
      />
      <SecretField
        label="Value"
        description={kept}
        placeholder="Bearer …"
        value={secret.value}
        autoComplete="off"
        showLabel="Show the value"
        onChange={(event) => onChange({ ...secret, value: event.currentTarget.value })}
      />
    </>
  );
}
