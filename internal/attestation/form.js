
"use strict";
(function () {
  var form = document.getElementById("answers"), said = document.getElementById("said"), button = document.getElementById("save");
  form.querySelectorAll("input[data-unknown]").forEach(function (box) {
    var field = document.getElementById(box.dataset.unknown), needed = field.required;
    box.addEventListener("change", function () {
      field.required = needed && !box.checked;
      field.disabled = box.checked;
    });
  });
  button.disabled = false;
  button.addEventListener("click", function () {
    if (!form.reportValidity()) {
      said.textContent = "Something is missing. The first place is marked.";
      return;
    }
    var data = new FormData(form), answers = {}, evidence = [];
    form.querySelectorAll("fieldset[data-question]").forEach(function (set) {
      var id = set.dataset.question, unknown = data.get("unknown." + id);
      answers[id] = unknown || data.get("answer." + id) || "";
      if (data.get("file." + id)) {
        evidence.push({ question: id, file: data.get("file." + id), day: data.get("day." + id) });
      }
    });
    var all = {
      form: form.dataset.form, request: form.dataset.request, questionnaire: form.dataset.questionnaire, token: form.dataset.token,
      attester: { name: data.get("attester.name"), role: data.get("attester.role") },
      answers: answers, evidence: evidence
    };
    var link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([JSON.stringify(all, null, 2) + "\n"], { type: "application/json" }));
    link.download = "answers-" + form.dataset.request + ".json";
    link.click();
    said.textContent = "Saved as " + link.download + ". Send it back with the documents that it names.";
  });
})();
