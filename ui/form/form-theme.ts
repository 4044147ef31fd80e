import { type ThemeProps, withTheme } from "@rjsf/core";
import { generateTemplates } from "@rjsf/mantine/lib/templates/index.js";
import CheckboxesWidget from "@rjsf/mantine/lib/widgets/CheckboxesWidget.js";
import CheckboxWidget from "@rjsf/mantine/lib/widgets/CheckboxWidget.js";
import PasswordWidget from "@rjsf/mantine/lib/widgets/PasswordWidget.js";
import RadioWidget from "@rjsf/mantine/lib/widgets/RadioWidget.js";
import SelectWidget from "@rjsf/mantine/lib/widgets/SelectWidget.js";
import TextareaWidget from "@rjsf/mantine/lib/widgets/TextareaWidget.js";
import type { RJSFSchema } from "@rjsf/utils";
import { ObjectFields } from "./object-fields.tsx";

// Dates and times are the browser's own inputs: they speak the reader's language, and weigh nothing.
const theme: ThemeProps<unknown, RJSFSchema, object> = {
  templates: {
    ...generateTemplates<unknown, RJSFSchema, object>(),
    ObjectFieldTemplate: ObjectFields,
  },
  widgets: {
    CheckboxesWidget,
    CheckboxWidget,
    PasswordWidget,
    RadioWidget,
    SelectWidget,
    TextareaWidget,
  },
};

export const ThemedForm = withTheme<unknown, RJSFSchema, object>(theme);
