import { PasswordInput, TextInput } from "@mantine/core";
import type { HeaderSecret } from "./header-secret.ts";

export interface HeaderFieldsProps {
  readonly secret: HeaderSecret;
  readonly onChange: (secret: HeaderSecret) => void;
}

/** The header a server wants, and the word that it is not stored. */
export function HeaderFields({ secret, onChange }: HeaderFieldsProps) {
  return (
    <>
      <TextInput
        label="Header"
        value={secret.name}
        autoComplete="off"
        onChange={(event) => onChange({ ...secret, name: event.currentTarget.value })}
      />
      <PasswordInput
        label="Value"
        description="Kept for this tab until it is closed, and never stored. Another tab asks for it again."
        placeholder="Bearer …"
        value={secret.value}
        autoComplete="off"
        visibilityToggleButtonProps={{ "aria-label": "Show the value" }}
        onChange={(event) => onChange({ ...secret, value: event.currentTarget.value })}
      />
    </>
  );
}
