/** Calls back whenever the value stored under a key changes, in this page or another. Returns the function that unsubscribes. */
export function followStored(key: string, listener: () => void): () => void {
  const onChanged = (changes: Readonly<Record<string, chrome.storage.StorageChange>>): void => {
    if (key in changes) listener();
  };
  chrome.storage.local.onChanged.addListener(onChanged);
  return () => chrome.storage.local.onChanged.removeListener(onChanged);
}
