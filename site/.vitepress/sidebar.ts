import type { DefaultTheme } from "vitepress";
import { ENTRIES } from "../entries.ts";

/** What the site shows beside each page, in the order in which a newcomer needs it. Each page of docs/ is here once. */
export const SIDEBAR: DefaultTheme.SidebarItem[] = [
  { text: "Start here", link: "/" },
  {
    text: "An agent",
    items: [
      { text: "The proxy", link: "/proxy" },
      { text: "The connector", link: "/connect" },
      { text: "The gateway at home", link: "/serve" },
      { text: "Tools and answers of the gateway", link: "/gateway" },
      { text: "Messages to models", link: "/model-messages" },
    ],
  },
  {
    text: "An app",
    items: [
      { text: "The library", link: "/library" },
      { text: "Embedding", link: "/embedding" },
      { text: "Frameworks", link: "/frameworks" },
      { text: "Without a bundler", link: "/no-bundler" },
      { text: "Testing", link: "/testing" },
      { text: "Authorization", link: "/authorization" },
      { text: "Questions of the server", link: "/questions" },
      { text: "Many tabs", link: "/tabs" },
      { text: "Several processes", link: "/processes" },
      { text: "Errors", link: "/errors" },
      { text: "Tracing", link: "/tracing" },
      { text: "Timeouts", link: "/timeouts" },
      { text: "Pairs of tools", link: "/pairs" },
      { text: "Server rendering", link: "/server-rendering" },
      { text: "Policies of pages", link: "/page-policies" },
      { text: "Service workers", link: "/service-workers" },
    ],
  },
  {
    text: "An agent loop",
    items: [
      { text: "Tools for a model", link: "/agents" },
      { text: "Agent frameworks", link: "/agent-frameworks" },
      { text: "Deliveries", link: "/deliveries" },
      { text: "Workflows", link: "/workflows" },
    ],
  },
  {
    text: "A browser extension",
    items: [
      { text: "The extension", link: "/extension" },
      { text: "Extension stores", link: "/extension-store" },
    ],
  },
  {
    text: "A worker",
    items: [
      { text: "Tasks on the edge", link: "/edge" },
      { text: "Events", link: "/events" },
      { text: "The console", link: "/console" },
      { text: "The runbook", link: "/runbook" },
    ],
  },
  {
    text: "Know",
    items: [
      { text: "What is promised", link: "/promises" },
      { text: "Limits", link: "/limits" },
      { text: "Where it was tested", link: "/platforms" },
      { text: "Scale", link: "/scale" },
      { text: "Compared with", link: "/compared" },
      {
        text: "What it costs",
        link: "/performance",
        items: [{ text: "Figures", link: "/performance/results" }],
      },
    ],
  },
  {
    text: "API reference",
    link: "/api/",
    collapsed: true,
    items: ENTRIES.map(({ specifier }) => ({ text: specifier, link: `/api/${specifier}` })),
  },
];
