"""nnU-Net's own planner: `folder DIR` says where its data sets lie (DIR/raw/Dataset001_x/{imagesTr,labelsTr}), and
`plan DATASET CHANNELS CLASSES` writes DIR/DATASET.json, its plans. CHANNELS: names with `,`, such as `CT`.

It is imported by name: nnunetv2 is no part of the usual environment of the peers (docs/planning.md), and the test
skips without it."""
import contextlib
import importlib
import io
import json
import os
import pathlib
import shutil

import serve

base = pathlib.Path()


def set_folder(folder):
    global base
    base = pathlib.Path(folder)
    for name in ("raw", "preprocessed", "results"):
        (base / name).mkdir(exist_ok=True)
        os.environ[f"nnUNet_{name}"] = str(base / name)
    importlib.import_module("nnunetv2")


def plan(dataset, channels, classes):
    extract = importlib.import_module("nnunetv2.experiment_planning.dataset_fingerprint.fingerprint_extractor")
    planners = importlib.import_module(
        "nnunetv2.experiment_planning.experiment_planners.default_experiment_planner")
    raw = base / "raw" / dataset
    count = len(list((raw / "labelsTr").glob("*.nii.gz")))
    labels = {"background": 0, **{f"class_{i}": i for i in range(1, int(classes))}}
    (raw / "dataset.json").write_text(json.dumps({
        "channel_names": dict(enumerate(channels.split(","))), "labels": labels,
        "numTraining": count, "file_ending": ".nii.gz"}))
    (base / "preprocessed" / dataset).mkdir(exist_ok=True)
    with contextlib.redirect_stdout(io.StringIO()):
        # Its own pool of processes takes longer to start than these files to read.
        extractor = extract.DatasetFingerprintExtractor(dataset, 1)
        cases = [extractor.analyze_case(one["images"], one["label"],
                                        extract.determine_reader_writer_from_dataset_json(
                                            extractor.dataset_json, one["images"][0]), 1000)
                 for one in extractor.dataset.values()]
        foreground = [[value for case in cases for value in case[2][channel]]
                      for channel in range(len(channels.split(",")))]
        fingerprint = {
            "spacings": [list(map(float, case[1])) for case in cases],
            "shapes_after_crop": [list(map(int, case[0])) for case in cases],
            "foreground_intensity_properties_per_channel": {
                str(i): {"percentile_00_5": float(extract.np.percentile(values, 0.5)),
                         "percentile_99_5": float(extract.np.percentile(values, 99.5))}
                for i, values in enumerate(foreground)},
            "median_relative_size_after_cropping": float(extract.np.median([case[4] for case in cases]))}
        (base / "preprocessed" / dataset / "dataset_fingerprint.json").write_text(json.dumps(fingerprint))
        planners.ExperimentPlanner(dataset).plan_experiment()
    shutil.copy(base / "preprocessed" / dataset / "nnUNetPlans.json", base / f"{dataset}.json")


def answer(word, *more):
    {"folder": set_folder, "plan": plan}[word](*more)


if __name__ == "__main__":
    serve.serve(answer)
