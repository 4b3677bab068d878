"""What goes wrong for people who follow the tutorial by hand, and the tests that show it not to.

The list is that of the design; the tests stand where the part that they test is tested.
"""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = Path(__file__).parent

FINDINGS = {
    "camera number hard-coded": [
        "core/test_cameras.py::test_webcam_is_found_by_number_and_part_of_its_name",
        "core/test_cameras.py::test_camera_plugged_in_again_is_found_under_its_new_number",
    ],
    "picture size hard-coded": [
        "core/test_cameras.py::test_webcam_gives_rgb_of_the_size_that_comes",
        "core/test_cameras.py::test_size_may_change_while_running",
        "ml/test_detection.py::test_boxes_are_in_pixels_of_the_picture",
    ],
    "only the first box of a photo used": [
        "core/test_photo_library.py"
        "::test_tutorial_finding_all_boxes_of_a_photo_count_not_only_the_first",
        "core/test_importing.py::test_tutorial_finding_all_boxes_of_a_label_come_in",
    ],
    "corners in the order they were drawn": [
        "core/test_photo_library.py::test_tutorial_finding_corners_may_be_drawn_in_any_order",
    ],
    "a fixed 450-pixel crop that fails on small frames": [
        "core/test_augmentation.py::test_no_frame_is_too_small_or_too_wide",
    ],
    "faces flipped upside down half of the time": [
        "core/test_augmentation_settings.py::test_faces_are_upside_down_in_no_preset",
    ],
    "validation and test photos augmented too": [
        "ml/test_training.py::test_network_learns_from_copies_of_training_photos_alone",
        "commands/test_photos.py::test_augment_copies_training_photos_alone",
    ],
    "a missing JSON silently taken as no face": [
        "core/test_importing.py"
        "::test_tutorial_finding_a_missing_json_means_no_face_only_when_asked_for",
        "core/test_photo_library.py::test_tutorial_finding_a_missing_label_is_not_taken_as_no_face",
    ],
    "errors printed and skipped": [
        "core/test_importing.py"
        "::test_tutorial_finding_a_file_that_is_no_picture_is_listed_and_the_rest_goes_in",
        "core/test_importing.py::test_tutorial_finding_a_broken_label_never_becomes_no_face",
        "ml/test_training.py::test_damaged_photo_is_named",
    ],
    "pixels fed as x/255 to weights that expect VGG16's own preprocessing": [
        "ml/test_vgg16.py::test_picture_of_the_mean_colour_is_nothing_to_the_first_layer",
        "ml/test_vgg16.py::test_features_of_a_photo_are_those_of_keras",
    ],
    "the box head on GlobalMaxPooling, which throws position away": [
        "ml/test_dense.py::test_what_moves_in_the_picture_moves_in_what_the_heads_say",
    ],
    "box loss also counted on photos with no face": [
        "ml/test_classic.py::test_box_loss_is_the_tutorials_and_counts_only_faces",
    ],
    "no measure but the loss": [
        "commands/test_workflow.py::test_demo_project_from_photos_to_boxes",
        "ml/test_training.py::test_card_says_what_the_model_is_and_how_good",
    ],
    "`model.predict` for every live frame": [
        "ml/test_export.py::test_detecting_never_loads_tensorflow",
    ],
}


@pytest.mark.parametrize("finding", FINDINGS)
def test_finding_has_its_tests(finding: str) -> None:
    for place in FINDINGS[finding]:
        file, _, name = place.partition("::")
        assert f"def {name}(" in (TESTS / file).read_text("utf-8"), place
