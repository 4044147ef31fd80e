import { createTheme, MantineProvider } from "@mantine/core";
import type { ReactNode } from "react";

const THEME = createTheme({
  primaryColor: "teal",
  primaryShade: { light: 8, dark: 8 },
  fontFamily: "system-ui, sans-serif",
  fontFamilyMonospace: "ui-monospace, monospace",
  defaultRadius: "sm",
  cursorType: "pointer",
});

/** How everything below looks: the component kit's theme, and the colours a person has chosen. */
export function Look({ children }: { readonly children: ReactNode }) {
  return (
    // The page's policy refuses style elements, so the theme's variables are in console.css instead.
    <MantineProvider
      theme={THEME}
      defaultColorScheme="auto"
      withCssVariables={false}
      withGlobalClasses={false}
    >
      {children}
    </MantineProvider>
  );
}
