/**
 * What tasks have to deliver: their ends and questions, to the addressees that asked for them (`notify`), until each acknowledges.
 * @module
 */
export type { Delivery, DeliveryReceipt, TaskInbox, UndeliveredQuery } from "../task-inbox.ts";
export { type InboxClient, inboxOf } from "./local-inbox.ts";
