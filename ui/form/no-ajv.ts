/** Stands for `@rjsf/validator-ajv8`, which the form library's test kit names, and which the page must not have. */
export default {};
