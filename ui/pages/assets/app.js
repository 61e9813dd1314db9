// What the pages do beyond links and forms. Each module works alone; without them every page still
// works.
import { anchors } from "./anchors.js";
import { batch } from "./batch.js";
import { dialogs } from "./dialogs.js";
import { forms } from "./forms.js";
import { keys } from "./keys.js";
import { live } from "./live.js";
import { theme } from "./theme.js";
import { times } from "./times.js";

anchors();
batch();
dialogs();
forms();
keys();
theme();
times();
live();
