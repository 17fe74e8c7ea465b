Deno.serve({ port: 8000 }, () => new Response(`deno ${Deno.version.deno}`));
