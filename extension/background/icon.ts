/** The picture on notifications: Chrome takes no vector graphics there. */
export const ICON = "icons/icon-128.png";
