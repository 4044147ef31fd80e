import type { AnchorHTMLAttributes, ButtonHTMLAttributes } from "react";

/** How a button looks; `filled` is the one thing a person most likely wants to do here. */
export interface ButtonLook {
  readonly variant?: "filled" | "default" | "subtle" | "danger";
  readonly size?: "normal" | "small" | "compact";
}

export type ButtonProps = ButtonLook & ButtonHTMLAttributes<HTMLButtonElement>;

export function Button({ variant, size, className, type = "button", ...rest }: ButtonProps) {
  return <button type={type} {...rest} {...looks({ variant, size }, className)} />;
}

export type ButtonLinkProps = ButtonLook & AnchorHTMLAttributes<HTMLAnchorElement>;

/** A link that looks like a button: it leads somewhere. */
export function ButtonLink({ variant, size, className, ...rest }: ButtonLinkProps) {
  return <a {...rest} {...looks({ variant, size }, className)} />;
}

function looks(
  { variant = "filled", size = "normal" }: { [K in keyof ButtonLook]: ButtonLook[K] | undefined },
  className = "",
) {
  return { className: `button ${className}`.trim(), "data-variant": variant, "data-size": size };
}

/** A cross that closes or dismisses. Its `aria-label` says what. */
export function CloseButton(
  props: ButtonHTMLAttributes<HTMLButtonElement> & { readonly "aria-label": string },
) {
  return (
    <button type="button" {...props} className="close-button">
      <span aria-hidden="true">×</span>
    </button>
  );
}
