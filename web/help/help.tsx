import { Suspense, useEffect, useState } from "react";
import { later } from "../../ui/app/later.ts";
import { Button } from "../../ui/controls/button.tsx";
import { listenToKeys } from "./shortcuts.ts";

const HelpSheet = later(() => import("./help-sheet.tsx").then((module) => module.HelpSheet));

/** The button that opens the sheet of shortcuts; the key `?` does as well. */
export function Help() {
  const [isOpen, setOpen] = useState(false);
  useEffect(() => listenToKeys(() => setOpen(true)), []);
  return (
    <>
      <Button
        variant="default"
        size="small"
        className="help-button"
        aria-label="Help and shortcuts"
        aria-haspopup="dialog"
        title="Help and shortcuts (?)"
        onClick={() => setOpen(true)}
      >
        ?
      </Button>
      {isOpen && (
        <Suspense>
          <HelpSheet close={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
