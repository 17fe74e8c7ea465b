const escaped = (text) =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

export const names = (rows) => rows.map((row) => row.name);

export const page = (greeting, visits, guests) => `<!doctype html>
<title>Guest book</title>
<h1>${escaped(greeting)}</h1>
<p>You are visitor number ${visits}.</p>
<form method="post"><input name="name" placeholder="Your name"><button>Sign</button></form>
<ul>${guests.map((name) => `<li>${escaped(name)}</li>`).join('')}</ul>
`;
