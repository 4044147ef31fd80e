import { buttonId, canExpand, type ObjectFieldTemplateProps, type RJSFSchema, titleId } from "@rjsf/utils";
import { Button } from "../controls/button.tsx";

/** The fields of an object, one below the other. The library's own lays them out by a style element, which the page's policy refuses. */
export function ObjectFields(props: ObjectFieldTemplateProps<unknown, RJSFSchema, object>) {
  const { title, description, properties, fieldPathId, schema, uiSchema, formData, optionalDataControl } =
    props;
  const isRoot = fieldPathId.path.length === 0;
  const fields = (
    <div className="object-parts">
      {description && !isRoot ? <p className="quiet">{description}</p> : null}
      {optionalDataControl}
      {properties
        .filter(({ hidden }) => !hidden)
        .map(({ content, name }) => (
          <div key={name}>{content}</div>
        ))}
      {canExpand(schema, uiSchema, formData) && (
        <Button
          id={buttonId(fieldPathId, "add")}
          variant="default"
          size="small"
          disabled={props.disabled === true || props.readonly === true}
          onClick={props.onAddProperty}
        >
          Add a field{title && !isRoot ? ` to ${title}` : ""}
        </Button>
      )}
    </div>
  );
  if (isRoot) return fields;
  return (
    <fieldset className="object-fields" id={fieldPathId.$id}>
      {title && <legend id={titleId(fieldPathId)}>{title}</legend>}
      {fields}
    </fieldset>
  );
}
