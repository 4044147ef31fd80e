import { mount } from "../app/mount.tsx";
import { Options } from "./options.tsx";

await mount(<Options />);
