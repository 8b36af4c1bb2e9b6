/** Sentences that stand on the page and in the summary alike. */

export const quickText =
  'Quick: trained on the first 10,000 training examples, for a fifth of the steps that the recipe takes on them, with the schedule (step ' +
  'size, decay, warm-up) scaled alike. Of a search with folds, these 10,000 are what is cut into folds. Such numbers show that the recipe ' +
  'runs and learns; they are no repetition of the published ones.';

export const epochsText =
  'N epochs: trained for so many epochs in place of those of the recipe, with the schedule scaled alike.';

export const fullText = 'Full: trained as the recipe says.';
