/** Calls back whenever what is kept under a key changes, here or in another page. The function returned ends it. */
export function followStored(key: string, listener: () => void): () => void {
  const hear = (changes: Readonly<Record<string, chrome.storage.StorageChange>>): void => {
    if (key in changes) listener();
  };
  chrome.storage.local.onChanged.addListener(hear);
  return () => chrome.storage.local.onChanged.removeListener(hear);
}
