// The home tab of the app.

import { el, replace } from "./dom.js";
import { renderBlocks } from "./blocks.js";

// Home draws the view that the app has published for the person.
export class Home {
  constructor(app) {
    this.app = app;
    this.state = {};
    this.root = el("div", { class: "home", id: "home-panel", role: "tabpanel", "aria-label": "Home", tabindex: "0", "data-testid": "home", hidden: true });
  }

  draw(visible) {
    this.root.hidden = !visible;
    const { home, me } = this.app.store;
    const signature = JSON.stringify([home, me]);
    if (!visible || signature === this.signature) return;
    this.signature = signature;
    const blocks = home?.blocks;
    replace(this.root, blocks?.length ? el("div", { class: "blocks" }, renderBlocks(blocks, this.surface(home))) : el("p", { class: "empty" }, "The app has not put anything here yet."));
  }

  surface(home) {
    return {
      world: this.app.store.world(),
      entered: (blockID, actionID) => this.state[blockID]?.[actionID],
      enter: (blockID, actionID, state) => ((this.state[blockID] ??= {})[actionID] = state),
      act: (blockID, element, state) => this.app.click({ view_id: home.id, block_id: blockID, action_id: element.action_id, values: this.state, ...state }),
      options: (blockID, element, query) => this.app.options({ view_id: home.id, block_id: blockID, action_id: element.action_id, query }),
    };
  }
}
