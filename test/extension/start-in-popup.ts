/** A popup, in whatever browser, as a person uses it: elements by a selector, and by text in them. */
interface Popup {
  sees(selector: string, text?: string): Promise<void>;
  click(selector: string, text?: string): Promise<void>;
  fill(selector: string, value: string): Promise<void>;
  close(): Promise<void>;
}

export interface Acquisition {
  /** The server's address, and what it is called in the extension. */
  readonly server: string;
  readonly name: string;
  readonly args: object;
}

/** Calls `acquire_paper` in the popup, and closes it once the task runs. */
export async function startInPopup(popup: Popup, { server, name, args }: Acquisition): Promise<void> {
  await popup.click(".page-header a", "Call");
  await popup.sees("[name=server] option", name);
  await popup.fill("[name=server]", server);
  await popup.click(".tool", "acquire_paper");
  await popup.click(".call-form label", "JSON");
  await popup.fill("[name=arguments]", JSON.stringify(args));
  await popup.click(".call-form button", "Call");
  await popup.sees(".task-card .status", "working");
  await popup.close();
}
