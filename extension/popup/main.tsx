import { mount } from "../app/mount.tsx";
import { Popup } from "./popup.tsx";

await mount(<Popup />);
