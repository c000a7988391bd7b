@appointments @normal
Feature: Appointment tickets
  What happens to an appointment reminder is written as a ticket of its own.

  @APP1
  Scenario: APP1 An appointment is activated
    Given an exchange without tickets
    And the collector is collecting
    When an appointment is set for extension 106 at 07:00
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged
    And each field under test reads as the exchange wrote it
    And the collector shows what became of appointments and rooms

  @APP2
  Scenario: APP2 An appointment is cancelled
    Given an exchange without tickets
    And the collector is collecting
    When an appointment is set for extension 106 at 07:00
    And the appointment of extension 106 is cancelled
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged
    And each field under test reads as the exchange wrote it
    And the collector shows what became of appointments and rooms

  @APP3
  Scenario: APP3 Nobody answers an appointment
    Given an exchange without tickets at 06:55
    And the collector is collecting
    When an appointment is set for extension 106 at 07:00
    And the exchange clock goes on to 07:10
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged
    And each field under test reads as the exchange wrote it
    And the collector shows what became of appointments and rooms

  @APP4
  Scenario: APP4 An appointment is answered
    Given an exchange without tickets at 06:55
    And the collector is collecting
    When an appointment is set for extension 106 at 07:00 and answered at ring 1
    And the exchange clock goes on to 07:10
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged
    And each field under test reads as the exchange wrote it
    And the collector shows what became of appointments and rooms
