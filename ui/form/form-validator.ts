import {
  type CustomValidator,
  createErrorHandler,
  type ErrorSchema,
  ErrorSchemaBuilder,
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
import { checkAgainst, type SchemaProblem } from "./schema-problems.ts";

/** What the form library asks of a validator, done by one that makes no code of schemas. */
export const formValidator: ValidatorType<unknown, RJSFSchema, object> = {
  validateFormData(
    formData: unknown,
    schema: RJSFSchema,
    customValidate?: CustomValidator<unknown, RJSFSchema, object>,
    transformErrors?: ErrorTransformer<unknown, RJSFSchema, object>,
    uiSchema?: UiSchema<unknown, RJSFSchema, object>,
  ): ValidationData<unknown> {
    const problems = problemsOf(schema, formData);
    const errors = problems.map(errorOf);
    const data = transformErrors
      ? dataOf(transformErrors(errors, uiSchema))
      : { errors, errorSchema: errorSchemaOf(problems) };
    if (!customValidate) return data;
    const custom = customValidate(formData, createErrorHandler<unknown>(formData), uiSchema);
    return validationDataMerge<unknown>(data, unwrapErrorHandler<unknown>(custom));
  },
  isValid(schema: RJSFSchema, formData: unknown, rootSchema: RJSFSchema): boolean {
    const check = checkAgainst(withDefinitions(schema, rootSchema), formData);
    return check.kind === "checked" && check.problems.length === 0;
  },
  rawValidation<Result>(
    schema: RJSFSchema,
    formData?: unknown,
  ): { errors?: Result[]; validationError?: Error } {
    const check = checkAgainst(schema, formData);
    if (check.kind === "unusable") return { validationError: new Error(check.message) };
    return { errors: [...check.problems] as Result[] };
  },
};

function problemsOf(schema: RJSFSchema, formData: unknown): readonly SchemaProblem[] {
  const check = checkAgainst(schema, formData);
  // A schema that cannot be checked must not keep anyone from calling: the server checks too.
  return check.kind === "unusable" ? [] : check.problems;
}

function errorOf({ path, keyword, message }: SchemaProblem): RJSFValidationError {
  const property = path.map((part) => `.${part}`).join("");
  const stack = path.length > 0 ? `${path.join(".")} ${message}` : message;
  return { name: keyword, message, property, stack };
}

/** By the path itself: the library would read it from text, where a dot in a name looks like two names. */
function errorSchemaOf(problems: readonly SchemaProblem[]): ErrorSchema<unknown> {
  const builder = new ErrorSchemaBuilder<unknown>();
  for (const { path, message } of problems) builder.addErrors(message, [...path]);
  return builder.ErrorSchema;
}

function dataOf(errors: RJSFValidationError[]): ValidationData<unknown> {
  return { errors, errorSchema: toErrorSchema<unknown>(errors) };
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
