import { NativeSelect, useMantineColorScheme } from "@mantine/core";

/** Light, dark, or as the machine is set. */
export function ColorScheme() {
  // It would hold transitions still by a style element, which the page's policy refuses.
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true });
  return (
    <NativeSelect
      className="color-scheme"
      size="xs"
      aria-label="Colours"
      value={colorScheme}
      onChange={({ currentTarget: { value } }) =>
        setColorScheme(value === "light" || value === "dark" ? value : "auto")
      }
      data={[
        { value: "auto", label: "Auto" },
        { value: "light", label: "Light" },
        { value: "dark", label: "Dark" },
      ]}
    />
  );
}
