/**
 * Fashion-MNIST (Zalando SE, MIT): 60,000 training and 10,000 test images of 28x28 grey pixels in 10 classes, as four
 * gzipped IDX files. Debian has the same content in other gzip wrappers, so what is compared is the unpacked content.
 */
import { DataError } from '../errors.ts';
import { gunzip } from '../formats/gzip.ts';
import { readIdx } from '../formats/idx.ts';
import type { IdxArray } from '../formats/idx.ts';
import type { DataFiles, Dataset } from './dataset.ts';
import { sha256 } from '../formats/sha256.ts';
import { findFile, missingFile } from './files.ts';

/** sha256 of the unpacked files. */
const officialContents = {
  'train-images-idx3-ubyte.gz': 'c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888',
  'train-labels-idx1-ubyte.gz': 'bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9',
  't10k-images-idx3-ubyte.gz': '5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b',
  't10k-labels-idx1-ubyte.gz': '0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34',
} as const;

const classNames = 'T-shirt/top,trouser,pullover,dress,coat,sandal,shirt,sneaker,bag,ankle boot'.split(',');

interface IdxFile extends IdxArray {
  readonly place: string;
  readonly isOfficial: boolean;
}

/** Bytes [70000, 28, 28, 1]; parts `train` and `test`. */
export async function loadFashionMnist(files: DataFiles): Promise<Dataset> {
  const trainImages = await readPart(files, 'train-images-idx3-ubyte.gz');
  const trainLabels = await readPart(files, 'train-labels-idx1-ubyte.gz');
  const testImages = await readPart(files, 't10k-images-idx3-ubyte.gz');
  const testLabels = await readPart(files, 't10k-labels-idx1-ubyte.gz');
  checkPair(trainImages, trainLabels);
  checkPair(testImages, testLabels);

  const trainCount = trainLabels.data.length;
  const rowCount = trainCount + testLabels.data.length;
  const inputs = new Uint8Array(trainImages.data.length + testImages.data.length);
  inputs.set(trainImages.data);
  inputs.set(testImages.data, trainImages.data.length);
  const labels = new Uint32Array(rowCount);
  labels.set(trainLabels.data);
  labels.set(testLabels.data, trainCount);
  const differing = [trainImages, trainLabels, testImages, testLabels].filter((file) => !file.isOfficial);
  return {
    name: 'fashion-mnist',
    task: 'classification',
    rowCount,
    inputShape: [28, 28, 1],
    inputs,
    labels,
    classNames,
    outputCount: classNames.length,
    parts: { train: { from: 0, to: trainCount }, test: { from: trainCount, to: rowCount } },
    notes: differing.map((file) => `${file.place} differs from the official file of Fashion-MNIST.`),
  };
}

async function readPart(files: DataFiles, name: keyof typeof officialContents): Promise<IdxFile> {
  const file = await findFile(files, [`fashion-mnist/${name}`, name]);
  if (file === undefined) throw missingFile(files, `fashion-mnist/${name}`, 'fashion-mnist');
  const content = await gunzip(file.bytes, file.place);
  const digest = await sha256(content);
  const isOfficial = digest === undefined || digest === officialContents[name];
  return { ...readIdx(content, file.place), place: file.place, isOfficial };
}

function checkPair(images: IdxFile, labels: IdxFile): void {
  const [imageCount, height, width] = images.shape;
  if (images.shape.length !== 3 || height !== 28 || width !== 28) {
    throw new DataError(
      images.place,
      `holds ${images.shape.join(' x ')} values, expected images of 28 x 28. Fetch it again.`,
    );
  }
  if (labels.shape.length !== 1 || labels.shape[0] !== imageCount) {
    throw new DataError(
      labels.place,
      `holds ${labels.shape.join(' x ')} labels for the ${imageCount} images of ${images.place}. Fetch both again.`,
    );
  }
  const wrong = labels.data.findIndex((label) => label >= classNames.length);
  if (wrong >= 0) {
    throw new DataError(
      labels.place,
      `record ${wrong} has label ${labels.data[wrong]}; Fashion-MNIST has the classes 0 to 9. Fetch the file again.`,
    );
  }
}
