import {
  type CustomValidator,
  createErrorHandler,
  type ErrorTransformer,
  type RJSFSchema,
  type RJSFValidationError,
  toErrorSchema,
  type UiSchema,
  unwrapErrorHandler,
  type ValidationData,
  type ValidatorType,
  validationDataMerge,
} from "@rjsf/utils";
import { checkAgainst, type SchemaFault } from "./schema-faults.ts";

/** What the form library asks of a validator, done by one that makes no code of schemas. */
export const formValidator: ValidatorType<unknown, RJSFSchema, object> = {
  validateFormData(
    formData: unknown,
    schema: RJSFSchema,
    customValidate?: CustomValidator<unknown, RJSFSchema, object>,
    transformErrors?: ErrorTransformer<unknown, RJSFSchema, object>,
    uiSchema?: UiSchema<unknown, RJSFSchema, object>,
  ): ValidationData<unknown> {
    const found = errorsOf(schema, formData);
    const errors = transformErrors ? transformErrors(found, uiSchema) : found;
    const data = { errors, errorSchema: toErrorSchema<unknown>(errors) };
    if (!customValidate) return data;
    const custom = customValidate(formData, createErrorHandler<unknown>(formData), uiSchema);
    return validationDataMerge<unknown>(data, unwrapErrorHandler<unknown>(custom));
  },
  isValid(schema: RJSFSchema, formData: unknown, rootSchema: RJSFSchema): boolean {
    const check = checkAgainst(withDefinitions(schema, rootSchema), formData);
    return check.kind === "checked" && check.faults.length === 0;
  },
  rawValidation<Result>(
    schema: RJSFSchema,
    formData?: unknown,
  ): { errors?: Result[]; validationError?: Error } {
    const check = checkAgainst(schema, formData);
    if (check.kind === "unusable") return { validationError: new Error(check.message) };
    return { errors: [...check.faults] as Result[] };
  },
};

function errorsOf(schema: RJSFSchema, formData: unknown): RJSFValidationError[] {
  const check = checkAgainst(schema, formData);
  // A schema that cannot be checked must not keep anyone from calling: the server checks too.
  if (check.kind === "unusable") return [];
  return check.faults.map(errorOf);
}

function errorOf({ path, keyword, message }: SchemaFault): RJSFValidationError {
  const property = path.map((part) => `['${part.replaceAll("'", "\\'")}']`).join("");
  const stack = path.length > 0 ? `${path.join(".")} ${message}` : message;
  return { name: keyword, message, property, stack };
}

/** A part of a schema refers to the whole by `#/$defs/…` or `#/definitions/…`. */
function withDefinitions(schema: RJSFSchema, root: RJSFSchema): RJSFSchema {
  if (schema === root || typeof schema !== "object") return schema;
  const { $defs, definitions } = root;
  return {
    ...schema,
    ...($defs && { $defs: { ...$defs, ...schema.$defs } }),
    ...(definitions && { definitions: { ...definitions, ...schema.definitions } }),
  };
}
