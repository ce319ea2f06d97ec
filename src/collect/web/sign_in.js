// Who this device is to the collector: asks for a code or the password where it isn't let in.

async function post(path, body) {
  const answer = await fetch(`api/v1/access${path}`, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error((await answer.json().catch(() => null))?.detail ?? `it answers ${answer.status}`);
}

export class SignIn {
  /** leave: the button that signs out; note: tells that everybody is let in; letIn: called when this device was. */
  constructor(dialog, leave, note, letIn) {
    this.dialog = dialog;
    this.leave = leave;
    this.note = note;
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    const problem = dialog.querySelector("[role=status]");
    for (const form of dialog.querySelectorAll("form")) {
      form.addEventListener("submit", async (event) => {
        event.preventDefault();
        const field = form.querySelector("input[required]");
        try {
          await post(form.dataset.path, { [field.name]: field.value, name: "fleet page" });
          problem.textContent = field.value = "";
          if (await this.ask()) letIn();
        } catch (error) {
          problem.textContent = `Not let in: ${error.message}.`;
        }
      });
    }
    leave.addEventListener("click", async () => {
      await post("/logout", {});
      location.reload();
    });
  }

  /** Whether this device may look. */
  async ask() {
    const answer = await fetch("api/v1/access");
    if (!answer.ok) return true;
    const { scope, name, password, insecure } = await answer.json();
    this.note.hidden = !insecure;
    this.leave.hidden = name === null;
    this.dialog.querySelector("form[data-path='/login']").hidden = !password;
    const isOut = scope === "none";
    if (isOut && !this.dialog.open) this.dialog.showModal();
    if (!isOut && this.dialog.open) this.dialog.close();
    return !isOut;
  }
}
