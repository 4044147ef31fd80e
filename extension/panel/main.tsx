import { goTo } from "../../ui/app/route.ts";
import { mount } from "../app/mount.tsx";
import { followPanelTask } from "../app/panel-task.ts";
import { Panel } from "./panel.tsx";

await mount(<Panel />);
followPanelTask((task) => goTo("tasks", task));
