for (const flame of document.querySelectorAll(".flame")) enableFlame(flame, document.getElementById(`${flame.id}-spot`));
