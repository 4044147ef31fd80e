/** How long a name is in a message, and a detail, in characters. */
const NAME_LENGTH = 80;
const DETAIL_LENGTH = 200;

/** What happened to a task: it ended, or it asks a question. */
export interface TaskNotice {
  readonly task: string;
  readonly endpoint: string;
  readonly tool: string;
  readonly kind: "completed" | "failed" | "cancelled" | "expired" | "lost" | "input_required";
  readonly addressees: readonly string[];
  /** A part of the result, of the failure or of the question. Stored and sent only where a person allows it. */
  readonly detail?: string;
}

const HAPPENED: Readonly<Record<TaskNotice["kind"], string>> = {
  completed: "has completed",
  failed: "has failed",
  cancelled: "was cancelled",
  expired: "has expired",
  lost: "is lost",
  input_required: "asks a question",
};

/** What a message says apart from its notice. */
export interface MessageContext {
  /** What people call the endpoint. */
  readonly label: string;
  /** The page of a task, with `{task}` in the place of its id. */
  readonly open: string;
}

/**
 * Returns the text of a message: a declarative push message (Push API, "declarative push message"). Browsers that know those show it
 * themselves; in others it is the data of the `push` event.
 */
export function messageText(notice: TaskNotice, { label, open }: MessageContext): string {
  const { task, endpoint, tool, kind, detail } = notice;
  const body = [shown(label, NAME_LENGTH), ...(detail ? [shown(detail, DETAIL_LENGTH)] : [])].join(": ");
  return JSON.stringify({
    web_push: 8030,
    notification: {
      title: `${shown(tool, NAME_LENGTH)} ${HAPPENED[kind]}`,
      body,
      lang: "en",
      dir: "auto",
      navigate: open.replaceAll("{task}", encodeURIComponent(task)),
      // A later message about the task takes the place of an earlier one.
      tag: task,
      data: { task, endpoint, kind },
    },
  });
}

/** A server's text in one line, without what could turn it around (bidirectional controls) or hide in it. */
function shown(text: string, length: number): string {
  const plain = text.replace(/[\s\p{C}]+/gu, " ").trim();
  return plain.length <= length ? plain : `${plain.slice(0, length - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}
