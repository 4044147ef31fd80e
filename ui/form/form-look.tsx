import { createTheme, type MantineColorSchemeManager, MantineProvider } from "@mantine/core";
import type { ReactNode } from "react";
import { colorScheme } from "../app/color-scheme.tsx";
import "./form-kit.css";

const THEME = createTheme({
  primaryColor: "teal",
  primaryShade: { light: 8, dark: 8 },
  fontFamily: "system-ui, sans-serif",
  fontFamilyMonospace: "ui-monospace, monospace",
  defaultRadius: "sm",
  cursorType: "pointer",
});

/** The page's own choice of colours decides; the kit would keep one beside it. */
function followPage(): MantineColorSchemeManager {
  let leave: (() => void) | undefined;
  return {
    get: colorScheme.get,
    set: () => undefined,
    subscribe: (onUpdate) => {
      leave = colorScheme.subscribe(() => onUpdate(colorScheme.get()));
    },
    unsubscribe: () => leave?.(),
    clear: () => undefined,
  };
}

const manager = followPage();

/** How the fields of a form made of a schema look. */
export function FormLook({ children }: { readonly children: ReactNode }) {
  return (
    // The page's policy refuses style elements, so the theme's variables are in form-kit.css instead.
    <MantineProvider
      theme={THEME}
      colorSchemeManager={manager}
      defaultColorScheme="auto"
      withCssVariables={false}
      withGlobalClasses={false}
    >
      {children}
    </MantineProvider>
  );
}
