import { Component, type ReactNode } from "react";

export interface FormBoundaryProps {
  readonly onBroken: () => void;
  readonly children: ReactNode;
}

/** Around a form: a schema that the form library cannot work with must not take the rest of the view along. */
export class FormBoundary extends Component<FormBoundaryProps, { readonly broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError(): { readonly broken: boolean } {
    return { broken: true };
  }

  override componentDidCatch(): void {
    this.props.onBroken();
  }

  override render(): ReactNode {
    return this.state.broken ? null : this.props.children;
  }
}
