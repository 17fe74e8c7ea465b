document.body.append("vite");
