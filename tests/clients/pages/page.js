// What every page does: ask what to do, do it, tell how it went.
export async function perform(work) {
  let outcome;
  try {
    const task = await (await fetch("/task")).json();
    outcome = { uploads: await work(task) };
  } catch (error) {
    outcome = { error: String(error) };
  }
  await fetch("/outcome", { method: "POST", body: JSON.stringify(outcome) });
}

// The file of that name, as a person would have chosen it.
export async function choose(name) {
  return new File([await (await fetch(`/files/${name}`)).blob()], name);
}
