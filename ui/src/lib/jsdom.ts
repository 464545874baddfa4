// jsdom has no modal dialogs and lays nothing out.
HTMLDialogElement.prototype.showModal = function showModal() {
    this.open = true;
};
globalThis.ResizeObserver ??= class {
    observe(): void {}
    unobserve(): void {}
    disconnect(): void {}
};
